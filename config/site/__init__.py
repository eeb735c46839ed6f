"""The site around the apps: who may enter, which project is open, what stands on every page."""
