/// Orders.
#[derive(Clone, Copy, Debug, Default)]
pub struct Orders;
impl ::streams_runtime::plumbing::TopicDecl for Orders {
    const NAME: &'static str = "orders";
    type Key = Option<String>;
    type Value = Order;
    type Partitions = ::streams_runtime::plumbing::Partitions<6>;
    const PARTITIONS: ::core::option::Option<u32> = ::core::option::Option::Some(6);
    const COMPACT: bool = true;
}
impl ::streams_runtime::plumbing::SinkFor<String, Order> for Orders {}
impl ::streams_runtime::plumbing::SinkFor<String, ::core::option::Option<Order>>
for Orders {}
impl ::streams_runtime::plumbing::SinkFor<::core::option::Option<String>, Order>
for Orders {}
impl ::streams_runtime::plumbing::SinkFor<
    ::core::option::Option<String>,
    ::core::option::Option<Order>,
> for Orders {}
