"""What people decide: causes of failures and their fixes, accepting buyers, marking as cancel."""
