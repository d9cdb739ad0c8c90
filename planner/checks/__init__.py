"""One question a file: each check turns evidence into findings, or says what it could not tell."""
