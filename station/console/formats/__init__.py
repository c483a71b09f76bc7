"""How the console writes moments and numbers, by language."""
