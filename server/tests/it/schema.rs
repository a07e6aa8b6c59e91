//! A checker of JSON against the part of JSON Schema that the API's description uses, and a maker of
//! examples. Where the description uses more, it panics rather than pass over it.

use serde_json::{Map, Value, json};

/// Every keyword that [`Schemas`] understands; `description`, `default` and `propertyNames` check
/// nothing, `format` only chooses examples.
const KEYWORDS: [&str; 14] = [
    "$ref",
    "additionalProperties",
    "default",
    "description",
    "enum",
    "format",
    "items",
    "minimum",
    "oneOf",
    "pattern",
    "properties",
    "propertyNames",
    "required",
    "type",
];

/// The schemas of a document, which refer to each other.
pub(crate) struct Schemas<'a>(pub(crate) &'a Value);

impl<'a> Schemas<'a> {
    /// Follows references.
    fn resolve(&self, schema: &'a Value) -> &'a Map<String, Value> {
        let members = schema.as_object().expect("a schema");
        for keyword in members.keys() {
            assert!(KEYWORDS.contains(&keyword.as_str()), "`{keyword}` is new");
        }
        match members.get("$ref").and_then(Value::as_str) {
            None => members,
            Some(reference) => {
                let target = reference.strip_prefix('#').expect("a local reference");
                let found = self.0.pointer(target);
                self.resolve(found.unwrap_or_else(|| panic!("{reference} leads nowhere")))
            }
        }
    }

    /// Panics, naming the place, if `value` is not what `schema` describes. A member that the
    /// schema does not have is refused too, although readers ignore it.
    pub(crate) fn check(&self, schema: &'a Value, value: &Value, place: &str) {
        if let Err(problem) = self.check_value(schema, value, place) {
            panic!("{problem}");
        }
    }

    fn check_value(&self, schema: &'a Value, value: &Value, place: &str) -> Result<(), String> {
        let schema = self.resolve(schema);
        let refuse = |expected: &Value| Err(format!("{place}: expected {expected}, found {value}"));
        if let Some(choices) = schema.get("oneOf").and_then(Value::as_array) {
            let fits = |choice| self.check_value(choice, value, place).is_ok();
            if choices.iter().filter(|choice| fits(choice)).count() != 1 {
                return refuse(&schema["oneOf"]);
            }
        }
        if let Some(types) = schema.get("type")
            && !types_of(types).any(|name| is_of_type(value, name))
        {
            return refuse(types);
        }
        if let Some(words) = schema.get("enum")
            && !words.as_array().expect("words").contains(value)
        {
            return refuse(words);
        }
        if let (Some(least), Some(number)) = (schema.get("minimum"), value.as_f64())
            && number < least.as_f64().expect("a number")
        {
            return refuse(least);
        }
        if let (Some(pattern), Some(text)) = (schema.get("pattern"), value.as_str())
            && !is_integer(pattern, text)
        {
            return refuse(pattern);
        }
        self.check_parts(schema, value, place)
    }

    fn check_parts(
        &self,
        schema: &'a Map<String, Value>,
        value: &Value,
        place: &str,
    ) -> Result<(), String> {
        if let (Some(items), Some(values)) = (schema.get("items"), value.as_array()) {
            for (at, value) in values.iter().enumerate() {
                self.check_value(items, value, &format!("{place}[{at}]"))?;
            }
        }
        let Some(members) = value.as_object() else {
            return Ok(());
        };
        let required = schema.get("required").and_then(Value::as_array);
        for name in required.into_iter().flatten().filter_map(Value::as_str) {
            if !members.contains_key(name) {
                return Err(format!("{place} lacks `{name}`"));
            }
        }
        let properties = schema.get("properties").and_then(Value::as_object);
        for (name, member) in members {
            let described = properties
                .and_then(|properties| properties.get(name))
                .or_else(|| schema.get("additionalProperties"));
            match described {
                Some(described) => {
                    self.check_value(described, member, &format!("{place}.{name}"))?;
                }
                None if properties.is_none() => {}
                None => return Err(format!("{place}.{name} is not described")),
            }
        }
        Ok(())
    }

    /// Examples of a schema. The first has every member, in the form of answers; the others replace
    /// in it one member by one other of its forms.
    pub(crate) fn examples(&self, schema: &'a Value) -> Vec<Value> {
        let schema = self.resolve(schema);
        if let Some(choices) = schema.get("oneOf").and_then(Value::as_array) {
            return choices.iter().flat_map(|c| self.examples(c)).collect();
        }
        if let Some(words) = schema.get("enum").and_then(Value::as_array) {
            return words.clone();
        }
        let Some(types) = schema.get("type") else {
            return vec![json!("anything")];
        };
        types_of(types)
            .flat_map(|name| self.examples_of_type(name, schema))
            .collect()
    }

    fn examples_of_type(&self, name: &str, schema: &'a Map<String, Value>) -> Vec<Value> {
        let is = |keyword, text: &str| schema.get(keyword).and_then(Value::as_str) == Some(text);
        match name {
            "null" => vec![Value::Null],
            "boolean" => vec![json!(true), json!(false)],
            "integer" => vec![json!(1)],
            "number" => vec![json!(0.5)],
            "string" if is("format", "date-time") => vec![json!("2026-11-23T18:49:05.187395Z")],
            "string" if schema.contains_key("pattern") => vec![json!("9007199254740993")],
            "string" => vec![json!("text")],
            "array" => {
                let items = self.examples(&schema["items"]).into_iter();
                items.map(|item| json!([item])).collect()
            }
            "object" => self.object_examples(schema),
            other => panic!("no example of type {other}"),
        }
    }

    fn object_examples(&self, schema: &'a Map<String, Value>) -> Vec<Value> {
        let mut forms: Vec<(String, Vec<Value>)> = Vec::new();
        if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
            let named = |(name, member)| (String::clone(name), self.examples(member));
            forms.extend(properties.iter().map(named));
        }
        if let Some(values) = schema.get("additionalProperties") {
            forms.push(("key".to_owned(), self.examples(values)));
        }
        let first = forms
            .iter()
            .map(|(name, forms)| (name.clone(), forms[0].clone()));
        let full: Map<String, Value> = first.collect();
        let mut examples = vec![Value::Object(full.clone())];
        for (name, forms) in forms {
            for form in forms.into_iter().skip(1) {
                let mut other = full.clone();
                other.insert(name.clone(), form);
                examples.push(Value::Object(other));
            }
        }
        examples
    }
}

fn types_of(types: &Value) -> impl Iterator<Item = &str> {
    let one = types.as_str();
    let several = types.as_array().into_iter().flatten();
    one.into_iter().chain(several.filter_map(Value::as_str))
}

fn is_of_type(value: &Value, name: &str) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("`{other}` is no type"),
    }
}

/// The two patterns that the description has: an integer, with a sign or without.
fn is_integer(pattern: &Value, text: &str) -> bool {
    let digits = match pattern.as_str() {
        Some("^-?[0-9]+$") => text.strip_prefix('-').unwrap_or(text),
        Some("^[0-9]+$") => text,
        _ => panic!("{pattern} is a new pattern"),
    };
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}
