"""The truth, in PostgreSQL: one module per aggregate over one pool; all SQL of the product lies here."""
