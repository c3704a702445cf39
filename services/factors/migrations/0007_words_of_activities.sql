-- A factor is found by what its activity is called in French and English too, not by its code alone ("fluide frigorigène" for
-- refrigerant.r-410a). New versions bring these words with them (domain/searching.py); this adds them to those that are there. The text that
-- is searched is no part of what a version says, so the guard of published versions is set aside for this statement.

ALTER TABLE factor_versions DISABLE TRIGGER keep_factor_versions;

WITH words (activity, called) AS (
    VALUES
        ('electricity.residual_mix', 'mix residuel de l''electricite residual mix of electricity'),
        ('electricity', 'electricite electricity'),
        ('embodied', 'fabrication manufacturing'),
        ('component', 'composant component'),
        ('gas', 'gaz gas'),
        ('refrigerant', 'fluide frigorigene refrigerant'),
        ('fuel', 'carburant fuel'),
        ('freight', 'fret freight'),
        ('transport', 'trajet en vehicule journey by vehicle'),
        ('travel', 'voyage travel'),
        ('maintenance', 'maintenance maintenance'),
        ('spare_part', 'piece detachee spare part'),
        ('purchase', 'achat purchase'),
        ('service', 'prestation service'),
        ('training', 'formation training'),
        ('equivalent', 'equivalent equivalent'),
        ('life', 'duree de vie life'),
        ('energy', 'consommation annuelle yearly consumption')
)
UPDATE factor_versions AS version
SET search_text = search_text || ' ' || words.called
FROM words
WHERE words.activity = CASE
    WHEN version.activity = 'electricity.residual_mix' THEN version.activity
    ELSE split_part(version.activity, '.', 1)
END;

SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE factor_versions ENABLE TRIGGER keep_factor_versions;
