"""Bare skills, as they stand in lists: a word or three that only its section makes a requirement or a wish.

Labelled postings hold few of them, and without them "Kafka" under "Requirements" looks like a bare field.
The chain of the role classifier is also trained on postings into whose lists some of these are put; the
regression that reads a sentence by itself is not, because by itself such a line tells nothing.
"""

from __future__ import annotations

BARE_SKILLS: tuple[str, ...] = (
    # technologies of many fields
    "Ruby", "Go", "Scala", "TypeScript", "React", "Angular", "Node.js", "Django", "Spring Boot",
    "PostgreSQL", "MongoDB", "Redis", "Terraform", "Ansible", "Jenkins", "Git", "Linux", "AWS", "Azure",
    "Snowflake", "Spark", "Airflow", "Tableau", "Power BI", "Looker", "MATLAB", "SAS", "Stata",
    "AutoCAD", "SolidWorks", "Revit", "ArcGIS", "Salesforce", "HubSpot", "SAP", "Oracle", "NetSuite",
    "QuickBooks", "Workday", "Zendesk", "Jira", "Confluence", "Slack", "MS Word", "PowerPoint",
    "Google Sheets", "Illustrator", "InDesign", "Figma", "Premiere Pro", "Cerner", "Meditech", "PLC",
    "CNC", "HTML/CSS", "REST APIs", "Unix shell", "Data modeling",
    # licences and certificates
    "LPN license", "CNA", "CPR", "ACLS", "OSHA 10", "ServSafe", "TIPS card", "CDL Class B", "Hazmat",
    "Notary", "PMP", "CPA", "CISSP", "Series 7", "Teaching certificate", "Driver's license",
    "Welding certification", "Journeyman card", "Food handler card", "Security clearance",
    # abilities and manner
    "Punctuality", "Empathy", "Teamwork", "Time management", "Attention to detail", "Reliable",
    "Self-starter", "Good communicator", "Leadership", "Problem solving", "Multitasking",
    "Strong work ethic", "Fluent French", "Public speaking", "Typing", "Basic math", "Cash handling",
    "Blueprint reading", "Phlebotomy", "Sewing", "Bookkeeping", "Copywriting", "Cold calling",
    "Event planning", "Inventory control", "Pipe fitting",
)  # fmt: skip
"""Written by hand; each could stand alone on a line of a posting."""
