"""Webhooks: receivers are told that jobs end, signed, again until they answer, and never inward."""
