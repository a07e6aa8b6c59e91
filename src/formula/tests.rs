use super::syntax::Node;
use super::*;
use crate::testing::test;

fn lookup(name: &str) -> Option<ArgumentValue<'static>> {
    Some(match name {
        "epochs" => ArgumentValue::Number(10.0),
        "batch_size" => ArgumentValue::Number(16.0),
        "layers" => ArgumentValue::Number(4.0),
        "zero" => ArgumentValue::Number(0.0),
        "optimizer" => ArgumentValue::Text("sgd"),
        "optimizer.lr" => ArgumentValue::Number(0.5),
        "x#2" => ArgumentValue::Number(7.0),
        "min" => ArgumentValue::Number(3.0),
        _ => return None,
    })
}

fn seconds(right_side: &str) -> Result<f64, EvalError> {
    Formula::parse(&format!("seconds = {right_side}"))
        .expect(right_side)
        .evaluate_seconds(lookup)
}

fn condition(text: &str) -> Result<bool, EvalError> {
    Condition::parse(text).expect(text).holds(lookup)
}

#[test]
fn values() {
    for (text, expected) in [
        ("1 + 2 * 3", 7.0),
        ("(1 + 2) * 3", 9.0),
        ("10 - 4 - 3", 3.0),
        ("24 / 4 / 2", 3.0),
        ("2 ^ 3 ^ 2", 512.0),
        ("2 ** 3", 8.0),
        ("20 - 2 ^ 2", 16.0),
        ("20 + -2 ^ 2", 16.0),
        ("4 ^ -1 * 8", 2.0),
        ("- - 5", 5.0),
        ("+5", 5.0),
        (".5 + 1. + 1e1 + 2E-1", 11.7),
        ("max(1, epochs, 3) + min(4)", 14.0),
        ("ceil(1.2) + floor(1.8)", 3.0),
        ("sqrt(batch_size)", 4.0),
        ("exp(0) + log(1)", 1.0),
        ("optimizer.lr + x#2", 7.5),
        ("min * 2", 6.0),
        ("min(min, 9)", 3.0),
        ("40*epochs/batch_size", 25.0),
    ] {
        assert_eq!(seconds(text), Ok(expected), "{text}");
    }
    let formula = Formula::parse(" minutes = 40 * epochs / batch_size ").unwrap();
    assert_eq!(formula.evaluate_seconds(lookup), Ok(1500.0));
    assert_eq!(formula.names(), ["epochs", "batch_size"]);
    assert_eq!(formula.text(), "minutes = 40 * epochs / batch_size");
    assert_eq!(
        Formula::parse("hours=1/2")
            .unwrap()
            .evaluate_seconds(lookup),
        Ok(1800.0)
    );
}

#[test]
fn a_value_that_is_no_run_time_is_a_fault() {
    let missing = |name: &str| Err(EvalError::Missing { name: name.into() });
    let not_a_number = |name: &str| Err(EvalError::NotANumber { name: name.into() });
    for (text, expected) in [
        ("dropout", missing("dropout")),
        ("epochs + dropout * missing", missing("dropout")),
        ("min(dropout, 1)", missing("dropout")),
        ("-dropout", missing("dropout")),
        ("optimizer", not_a_number("optimizer")),
        ("2 * optimizer", not_a_number("optimizer")),
        ("max(1, optimizer)", not_a_number("optimizer")),
        ("1 / zero", Err(EvalError::NotFinite)),
        ("0 / zero", Err(EvalError::NotFinite)),
        ("min(0 / zero, 1)", Err(EvalError::NotFinite)),
        ("max(1, 0 / zero)", Err(EvalError::NotFinite)),
        ("sqrt(-epochs)", Err(EvalError::NotFinite)),
        ("log(-epochs)", Err(EvalError::NotFinite)),
        ("1e308 * epochs", Err(EvalError::NotFinite)),
        ("zero", Err(EvalError::NotPositive(0.0))),
        ("zero - epochs", Err(EvalError::NotPositive(-10.0))),
    ] {
        assert_eq!(seconds(text), expected, "{text}");
    }
}

#[test]
fn conditions() {
    for (text, expected) in [
        ("batch_size * layers <= 64", true),
        ("batch_size * layers < 64", false),
        ("optimizer == \"sgd\" or momentum == 0", true),
        ("optimizer != 'sgd'", false),
        ("optimizer == 1", false),
        ("optimizer != 1", true),
        ("not epochs > 10 and layers >= 4", true),
        ("epochs == 10.0", true),
        ("epochs == 1 or epochs == 10 and layers == 4", true),
        ("optimizer < 'tanh'", true),
        ("zero / zero == zero / zero", false),
        ("zero / zero != 1", true),
    ] {
        assert_eq!(condition(text), Ok(expected), "{text}");
    }
    let missing = Err(EvalError::Missing {
        name: "momentum".into(),
    });
    assert_eq!(condition("momentum == 0 or optimizer == 'sgd'"), missing);
    assert_eq!(condition("not momentum == 0"), missing);
    assert_eq!(condition("optimizer < 1"), Err(EvalError::Incomparable));
}

#[test]
fn errors_point_at_their_place() {
    // The caret line stands under the span that the error must have.
    for (text, carets, message) in [
        (
            "seconds = ",
            "",
            "expected a number, a name or `(`, found the end",
        ),
        (
            "seconds = 1 +",
            "",
            "expected a number, a name or `(`, found the end",
        ),
        (
            "seconds = 1 + * 2",
            "              ^",
            "expected a number, a name or `(`, found `*`",
        ),
        (
            "seconds = (1 + 2",
            "",
            "expected an operator or `)`, found the end",
        ),
        (
            "seconds = 1)",
            "           ^",
            "expected an operator or the end, found `)`",
        ),
        (
            "seconds = 2epochs",
            "           ^^^^^^",
            "expected an operator or the end, found `epochs`",
        ),
        (
            "seconds = max(1 2)",
            "                ^",
            "expected an operator, `,` or `)`, found `2`",
        ),
        (
            "seconds = max()",
            "              ^",
            "expected a number, a name or `(`, found `)`",
        ),
        (
            "seconds = ceil(1, 2)",
            "          ^^^^^^^^^^",
            "`ceil` takes one argument, found 2",
        ),
        (
            "seconds = sqr(2)",
            "          ^^^",
            "there is no function `sqr`; did you mean `sqrt`?",
        ),
        (
            "seconds = sigmoid(2)",
            "          ^^^^^^^",
            "there is no function `sigmoid`; there are min, max, ceil, floor, sqrt, log and exp",
        ),
        (
            "seconds = é # 2",
            "            ^",
            "`#` has no meaning in a formula",
        ),
        ("seconds = 'a", "          ^^", "this quote is never closed"),
        (
            "seconds = 'a' + 1",
            "          ^^^",
            "expected a number, found a text",
        ),
        (
            "seconds = (a < b) * 2",
            "          ^^^^^^^",
            "expected a number, found a condition",
        ),
        (
            "seconds = a < b",
            "          ^^^^^",
            "expected a number, found a condition",
        ),
        (
            "seconds = 1e999",
            "          ^^^^^",
            "this number is too large",
        ),
        (
            "time = 3",
            "^^^^",
            "expected `seconds`, `minutes` or `hours` before `=`, found `time`",
        ),
        (
            "2 minutes = 3",
            "^^^^^^^^^^",
            "expected `seconds`, `minutes` or `hours` before `=`, found `2 minutes`",
        ),
        (
            "40 * epochs",
            "^^",
            "a formula begins with `seconds =`, `minutes =` or `hours =`",
        ),
    ] {
        let error = Formula::parse(text).expect_err(text);
        assert_eq!(error.to_string(), message, "{text}");
        let start = carets.find('^').map_or(text.chars().count(), |at| at);
        let before: String = text.chars().take(start).collect();
        assert_eq!(error.span.start as usize, before.len(), "{text}");
        let covered = error.span.slice(text).chars().count();
        assert_eq!(covered, carets.trim().len(), "{text}");
    }
    for (text, message) in [
        ("epochs + 1", "expected a condition, found a number"),
        ("epochs", "expected a condition, found an argument's value"),
        (
            "epochs and 1 < 2",
            "expected a condition, found an argument's value",
        ),
        (
            "1 < epochs < 3",
            "expected a value (join comparisons by `and`), found a condition",
        ),
        ("not 3", "expected a condition, found a number"),
        ("a = 3", "expected an operator or the end, found `=`"),
    ] {
        assert_eq!(
            Condition::parse(text).expect_err(text).to_string(),
            message,
            "{text}"
        );
    }
}

#[test]
fn hostile_sizes_end_in_an_error() {
    let kind = |text: &str| Formula::parse(text).map(|_| ()).map_err(|error| error.kind);
    let deep = |open: &str, n: usize| format!("seconds = {}1", open.repeat(n));
    for open in ["(", "-", "2^", "min(", "- (", "not "] {
        assert_eq!(kind(&deep(open, 200)), Err(ErrorKind::TooDeep), "{open}");
        assert_eq!(
            kind(&deep(open, 1_000_000)),
            Err(ErrorKind::TooLong),
            "{open}"
        );
    }
    let chain = format!("seconds = 1{}", " + 1".repeat(490));
    assert_eq!(kind(&chain), Ok(()));
    let long = format!("seconds = 1{}", " + 1".repeat(1_000_000));
    assert_eq!(kind(&long), Err(ErrorKind::TooLong));
    assert_eq!(
        kind(&format!("seconds = {}", "x".repeat(1_000_000))),
        Ok(())
    );
}

#[test]
fn operands_stand_before_their_operator() {
    let condition = Condition::parse("not (a + -b) * max(c, 2) <= 64 or d == 'x'").unwrap();
    let expression = condition.expression();
    for (id, node) in (0..).zip(expression.nodes()) {
        let operands = match node {
            Node::Number(_) | Node::Text(_) | Node::Name(_) => vec![],
            Node::Negate(a) | Node::Not(a) => vec![*a],
            Node::Arithmetic(_, a, b)
            | Node::Compare(_, a, b)
            | Node::And(a, b)
            | Node::Or(a, b) => {
                vec![*a, *b]
            }
            Node::Call(_, arguments) => arguments.clone(),
        };
        let outer = expression.span(id).unwrap();
        for operand in operands {
            assert!(operand < id);
            let inner = expression.span(operand).unwrap();
            assert!(outer.start <= inner.start && inner.end <= outer.end);
        }
    }
}

/// Any text: no panic, and every error's span lies in the text, on character boundaries.
#[test]
fn any_text_is_read_or_refused_in_place() {
    let pieces = [
        "minutes", "=", " ", "10", "1.5", ".", "e", "-", "+", "*", "/", "^", "**", "(", ")", ",",
        "min", "ceil", "epochs", "é", "🚀", "'", "\"", "==", "<=", "!", "and", "or", "not", ":",
        "h", "30", "\n", "#", "0", "00",
    ];
    let mut state = 1u64;
    let mut draw = |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    for _ in 0..20_000 {
        let text: String = (0..draw(12)).map(|_| pieces[draw(pieces.len())]).collect();
        let errors = [
            crate::estimate::parse_run_time(&text).err(),
            Formula::parse(&text).err(),
            Condition::parse(&text).err(),
        ];
        for error in errors.into_iter().flatten() {
            let place = error.span.start as usize..error.span.end as usize;
            assert!(text.get(place).is_some(), "{text:?} {error:?}");
        }
    }
}
