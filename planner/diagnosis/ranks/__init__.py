"""Several processes of one job: what each did and where it stands, and which of them is to blame."""
