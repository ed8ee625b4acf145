"""What a key starts that goes over several screens: tuning, the same change on several servers, more servers."""
