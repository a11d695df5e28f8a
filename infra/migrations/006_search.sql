-- Text as it is searched: small letters without accents, signs as spaces. infra/search/words.py folds
-- likewise, and gives the table to Elasticsearch; a test compares them letter by letter.
create function readings.folded(words text) returns text
  language sql immutable strict parallel safe
  return translate(
    case when octet_length(words) = char_length(words) then lower(words)
    else
      replace(replace(replace(translate(
        regexp_replace(
          regexp_replace(lower(normalize(words, nfkd)), '[\u0300-\u036f]', '', 'g'),
          '[\u00a0-\u00bf\u00d7\u00f7\u02b9-\u02ff\u0375\u03f6\u0482\u055a-\u055f'
          '\u0589-\u058f\u05be\u05c0\u05c3\u05f3-\u05f4\u0606-\u060f\u061b-\u061f'
          '\u066a-\u066d\u06d4\u0700-\u070d\u0964-\u0965\u0e4f\u0e5a-\u0e5b'
          '\u104a-\u104f\u10fb\u1360-\u1368\u1680\u17d4-\u17d6\u17d8-\u17da'
          '\u1800-\u180a\u2000-\u2bff\u2e00-\u2e7f\u3000-\u303f\u30fb\ufe00-\ufeff'
          '\U0001f000-\U0001faff]',
          ' ', 'g'),
        'øłđðıħ', 'olddih'),
        'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe')
    end,
    '!"#$%&''()*+,-./:;<=>?@[\]^_`{|}~', repeat(' ', 32));
