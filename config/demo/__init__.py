"""The demo: two shops that keep selling, two accounts, people of every role; and the main job as a check."""
