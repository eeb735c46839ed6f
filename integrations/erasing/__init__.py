"""A person is erased: found in every project of the account, shown, confirmed, and taken out place by place."""
