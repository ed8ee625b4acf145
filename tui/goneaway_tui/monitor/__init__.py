"""Reading servers again and again: when each is read, what to do when it does not answer, and which KILL statements are ours."""
