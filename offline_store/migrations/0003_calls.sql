-- What stays of a call in its visit: steps on the ladder and the figures of each call.
CREATE VIEW ladder_steps_shown AS SELECT * FROM shown WHERE record_type = 'ladder-step';
CREATE VIEW call_reports_shown AS SELECT * FROM shown WHERE record_type = 'call-report';
