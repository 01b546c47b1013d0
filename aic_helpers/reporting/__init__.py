"""Text tables, figures and pages: how results are shown, whatever they are results of."""
