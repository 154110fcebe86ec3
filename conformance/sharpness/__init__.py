"""What the cases can tell apart, and where arguments meet that none of them asks about."""
