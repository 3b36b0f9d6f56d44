"""Stand-ins of the vendors on loopback: stateful, and strict about what they are sent."""
