"""Every preset on five generated sets of two columns: pictures, and held-out log-likelihoods."""
