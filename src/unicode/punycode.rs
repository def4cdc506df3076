//! RFC 3492: Punycode, in which the A-labels of domain names are written; only reading.
//!
//! Browsers take A-labels on trust that say nothing, so we read them ourselves (`is_domain`).

/// RFC 3492 §5.
const BASE: u32 = 36;
const LEAST_THRESHOLD: u32 = 1;
const MOST_THRESHOLD: u32 = 26;
const SKEW: u32 = 38;
const DAMP: u32 = 700;
const FIRST_BIAS: u32 = 72;
const FIRST_CODE_POINT: u32 = 0x80;

/// Decodes what follows `xn--`; none if it is not Punycode. Whether it was the shortest way to say so is not looked at.
pub fn decode(text: &str) -> Option<String> {
    // §3.1: what stands before the last hyphen stands for itself.
    let (plain, code) = text.rsplit_once('-').unwrap_or(("", text));
    if !plain.is_ascii() {
        return None;
    }
    let mut decoded: Vec<char> = plain.chars().collect();
    let (mut code_point, mut bias) = (FIRST_CODE_POINT, FIRST_BIAS);
    let mut digits = code.bytes();
    let mut at = 0_u32;
    while digits.len() > 0 {
        let before = at;
        at = at.checked_add(delta(&mut digits, bias)?)?;
        let length = u32::try_from(decoded.len()).ok()?.checked_add(1)?;
        bias = adapt(at.checked_sub(before)?, length, before == 0);
        code_point = code_point.checked_add(at / length)?;
        at %= length;
        decoded.insert(at.try_into().ok()?, char::from_u32(code_point)?);
        at += 1;
    }
    Some(decoded.into_iter().collect())
}

/// §3.3: one number of variable length.
fn delta(digits: &mut impl Iterator<Item = u8>, bias: u32) -> Option<u32> {
    let (mut number, mut weight, mut k) = (0_u32, 1_u32, BASE);
    loop {
        let digit = digit(digits.next()?)?;
        number = number.checked_add(digit.checked_mul(weight)?)?;
        let threshold = k
            .saturating_sub(bias)
            .clamp(LEAST_THRESHOLD, MOST_THRESHOLD);
        if digit < threshold {
            return Some(number);
        }
        weight = weight.checked_mul(BASE - threshold)?;
        k += BASE;
    }
}

/// §5: `a` to `z` are 0 to 25, `0` to `9` are 26 to 35.
fn digit(byte: u8) -> Option<u32> {
    match byte {
        b'a'..=b'z' => Some(u32::from(byte - b'a')),
        b'A'..=b'Z' => Some(u32::from(byte - b'A')),
        b'0'..=b'9' => Some(u32::from(byte - b'0') + 26),
        _ => None,
    }
}

/// §3.4: how long the next number probably is.
fn adapt(delta: u32, length: u32, first: bool) -> u32 {
    let mut delta = if first { delta / DAMP } else { delta / 2 };
    delta += delta / length;
    let mut k = 0;
    while delta > (BASE - LEAST_THRESHOLD) * MOST_THRESHOLD / 2 {
        delta /= BASE - LEAST_THRESHOLD;
        k += BASE;
    }
    k + (BASE - LEAST_THRESHOLD + 1) * delta / (delta + SKEW)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 3492 §7.1, (A) to (S).
    const SAMPLES: [(&str, &str); 19] = [
        ("egbpdaj6bu4bxfgehfvwxn", "ليهمابتكلموشعربي؟"),
        ("ihqwcrb4cv8a8dqg056pqjye", "他们为什么不说中文"),
        ("ihqwctvzc91f659drss3x8bo0yb", "他們爲什麽不說中文"),
        ("Proprostnemluvesky-uyb24dma41a", "Pročprostěnemluvíčesky"),
        ("4dbcagdahymbxekheh6e0a7fei0b", "למההםפשוטלאמדבריםעברית"),
        (
            "i1baa7eci9glrd9b2ae1bj0hfcgg6iyaf8o0a1dig0cd",
            "यहलोगहिन्दीक्योंनहींबोलसकतेहैं",
        ),
        (
            "n8jok5ay5dzabd5bym9f0cm5685rrjetr6pdxa",
            "なぜみんな日本語を話してくれないのか",
        ),
        (
            "989aomsvi5e83db1d2a355cv1e0vak1dwrv93d5xbh15a0dt30a5jpsd879ccm6fea98c",
            "세계의모든사람들이한국어를이해한다면얼마나좋을까",
        ),
        (
            "b1abfaaepdrnnbgefbaDotcwatmq2g4l",
            "почемужеонинеговорятпорусски",
        ),
        (
            "PorqunopuedensimplementehablarenEspaol-fmd56a",
            "PorquénopuedensimplementehablarenEspañol",
        ),
        (
            "TisaohkhngthchnitingVit-kjcr8268qyxafd2f1b9g",
            "TạisaohọkhôngthểchỉnóitiếngViệt",
        ),
        ("3B-ww4c5e180e575a65lsy2b", "3年B組金八先生"),
        (
            "-with-SUPER-MONKEYS-pc58ag80a8qai00g7n9n",
            "安室奈美恵-with-SUPER-MONKEYS",
        ),
        (
            "Hello-Another-Way--fc4qua05auwb3674vfr0b",
            "Hello-Another-Way-それぞれの場所",
        ),
        ("2-u9tlzr9756bt3uc0v", "ひとつ屋根の下2"),
        ("MajiKoi5-783gue6qz075azm5e", "MajiでKoiする5秒前"),
        ("de-jg4avhby1noc0d", "パフィーdeルンバ"),
        ("d9juau41awczczp", "そのスピードで"),
        ("-> $1.00 <--", "-> $1.00 <-"),
    ];

    #[test]
    fn the_samples_of_the_rfc_are_read() {
        for (code, text) in SAMPLES {
            assert_eq!(decode(code).as_deref(), Some(text), "{code}");
        }
    }

    #[test]
    fn what_is_not_punycode_is_not_read() {
        // Unfinished numbers, digits that are none, numbers too big, no code points.
        for code in [
            "bcher-kv",
            "ab-é",
            "é-a",
            "a b",
            "99999999",
            "bcher-999999999",
            "0000000",
            "-9_",
        ] {
            assert_eq!(decode(code), None, "{code}");
        }
        assert_eq!(decode(&"9".repeat(10_000)), None);
    }

    #[test]
    fn nothing_is_left_of_nothing() {
        assert_eq!(decode("").as_deref(), Some(""));
        assert_eq!(decode("abc-").as_deref(), Some("abc"));
        assert_eq!(decode("-").as_deref(), Some(""));
    }
}
