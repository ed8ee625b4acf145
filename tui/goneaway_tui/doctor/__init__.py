"""Reading client and server logs: evidence in, ranked findings out. Pure."""
