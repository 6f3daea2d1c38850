//! Attribute values as a stream of calls, so that no format needs a tree of another's values.

/// Takes the parts of attribute values in their order. A bag is a row of `key` and one value each.
pub trait ValueSink {
    /// A value without a type.
    fn empty(&mut self);
    /// A string.
    fn string(&mut self, value: &str);
    /// A bool.
    fn boolean(&mut self, value: bool);
    /// An int.
    fn integer(&mut self, value: i64);
    /// A double.
    fn double(&mut self, value: f64);
    /// Bytes.
    fn bytes(&mut self, value: &[u8]);
    /// Values follow until `end_array`.
    fn begin_array(&mut self);
    /// The array ends.
    fn end_array(&mut self);
    /// `key` and a value follow, any number of times, until `end_map`.
    fn begin_map(&mut self);
    /// The key of the next value.
    fn key(&mut self, key: &str);
    /// The map ends.
    fn end_map(&mut self);
}
