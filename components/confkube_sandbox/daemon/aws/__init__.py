"""The simulated AWS: moto behind authentication, the official API model, and rules that refuse what AWS refuses."""
