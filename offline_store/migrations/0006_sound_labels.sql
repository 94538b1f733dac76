-- What people mark on recorded body sounds, each mark a record of its own.
CREATE VIEW sound_labels_shown AS SELECT * FROM shown WHERE record_type = 'sound-label';
