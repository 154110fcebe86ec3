"""One case explained: its calls, its answers, and a script that repeats them."""
