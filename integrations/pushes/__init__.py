"""What shops learn from us: shipments, payments, documents, orders and quantities, each told once and checked."""
