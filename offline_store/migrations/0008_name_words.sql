-- The words by which a patient is found (name_words.py): parts of names and the record number, folded
-- so that neither case nor accent matters. Written with the record that they are taken out of.
CREATE TABLE name_words (
  word TEXT NOT NULL,
  record TEXT NOT NULL,
  PRIMARY KEY (word, record)
) STRICT, WITHOUT ROWID;
CREATE INDEX name_words_of_record ON name_words (record);
