"""Runs that partners ask for by API: bulk imports and exports."""
