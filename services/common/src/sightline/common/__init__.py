"""What every Sightline service shares; it imports none of them."""
