"""The door of machines: Stripe's webhook. Verify, store, answer 200; nothing else."""
