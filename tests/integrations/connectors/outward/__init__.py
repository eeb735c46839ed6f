"""What shops are told: every platform's operations against its simulated shop, over real HTTP."""
