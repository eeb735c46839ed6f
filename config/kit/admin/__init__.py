"""What every admin stands on: pages of one project, guards, lists, markup, CSV files."""
