"""All SQL of scenarios, by aggregate: what was heard, studies, runs."""
