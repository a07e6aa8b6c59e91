//! provisional
use super::literal::Literal;
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs)]
pub struct Arguments {
    pub positional: Vec<Literal>,
    pub keywords: Vec<(String, Literal)>,
}
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct BindError;
#[allow(missing_docs)]
pub enum ArgumentRef {
    Positional(u32),
    Keyword(String),
}
impl BindError {
    #[allow(missing_docs)]
    pub fn argument(&self) -> Option<ArgumentRef> {
        None
    }
}
impl std::fmt::Display for BindError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "bad")
    }
}
#[allow(missing_docs)]
pub struct Stream;
impl Stream {
    #[allow(missing_docs)]
    pub fn new(_: u32) -> Stream {
        Stream
    }
}
#[allow(missing_docs)]
pub fn names() -> impl Iterator<Item = &'static str> {
    ["uniform"].into_iter()
}
#[allow(missing_docs)]
pub fn is_distribution(name: &str) -> bool {
    name == "uniform"
}
#[allow(missing_docs)]
pub struct Call;
impl Call {
    #[allow(missing_docs)]
    pub fn size(&self) -> Option<u64> {
        Some(1)
    }
    #[allow(missing_docs)]
    pub fn draw(&self, _: &mut Stream) -> Vec<Literal> {
        vec![Literal::Float(0.5)]
    }
}
#[allow(missing_docs)]
pub fn bind(_: &str, _: &Arguments) -> Result<Call, BindError> {
    Ok(Call)
}
