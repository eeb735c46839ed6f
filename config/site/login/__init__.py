"""How people come in: passwords, what slows down those who guess them, sessions."""
