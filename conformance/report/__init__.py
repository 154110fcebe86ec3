"""The report: what runs come to, as tables for machines and pages for people."""
