-- Stills of the exam camera, and what is drawn beside them: each saving is a record of its own.
CREATE VIEW stills_shown AS SELECT * FROM shown WHERE record_type = 'still';
CREATE VIEW still_marks_shown AS SELECT * FROM shown WHERE record_type = 'still-marks';
