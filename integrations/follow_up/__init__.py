"""What follows from orders, step after step and project by project."""
