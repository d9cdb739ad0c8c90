"""The last rung: the chosen configuration on fresh seeds, against what was fixed beforehand."""
