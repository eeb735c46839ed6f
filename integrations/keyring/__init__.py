"""The keys of the site: every host has the same ones, and what is encrypted follows the newest."""
