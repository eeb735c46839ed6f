from tests.integrations.pushes.simulated_shops import shops as shops
