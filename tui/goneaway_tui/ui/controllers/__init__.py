"""Controllers of tasks over several screens: tuning one server, and the same change on several servers."""
