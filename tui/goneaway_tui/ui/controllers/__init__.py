"""What keys set going over several screens: tuning, the same change on several servers, more servers."""
