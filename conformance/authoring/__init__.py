"""Write cases with a program: from captured calls, from findings, and with filled-in answers."""
