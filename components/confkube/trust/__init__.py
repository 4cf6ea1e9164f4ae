"""Enrolment of a stack's trust server: signs the certificate it waits for, and tells what is known of it."""
