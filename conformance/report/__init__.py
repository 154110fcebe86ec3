"""Reports: runs as tables for machines and pages for people."""
