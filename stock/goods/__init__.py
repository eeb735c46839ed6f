"""Products and SKUs as partners write them: two levels, over the articles that the ledger counts."""
