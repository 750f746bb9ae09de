//! What options with a name and two serdes share.

/// The constructors and methods of options with a name and the serdes of a key and a value, and text as
/// the name. The docs say what each is for.
macro_rules! named_serdes {
    ($options:ident {
        $(#[$name:meta])* name,
        $(#[$both:meta])* both,
        $(#[$key:meta])* key,
        $(#[$value:meta])* value $(,)?
    }) => {
        impl<K, V> $options<K, V> {
            $(#[$name])*
            pub fn as_(name: impl Into<String>) -> Self {
                Self::default().with_name(name)
            }

            $(#[$both])*
            pub fn with(
                key: impl $crate::serdes::Serde<K::NonNull>,
                value: impl $crate::serdes::Serde<V::NonNull>,
            ) -> Self
            where
                K: $crate::serdes::Nullable,
                V: $crate::serdes::Nullable,
            {
                Self::default().with_key_serde(key).with_value_serde(value)
            }

            $(#[$name])*
            #[must_use]
            pub fn with_name(mut self, name: impl Into<String>) -> Self {
                self.name = Some(name.into());
                self
            }

            $(#[$key])*
            #[must_use]
            pub fn with_key_serde(mut self, serde: impl $crate::serdes::Serde<K::NonNull>) -> Self
            where
                K: $crate::serdes::Nullable,
            {
                self.serdes.key = $crate::dsl::serdes::SerdeSlot::given(serde);
                self
            }

            $(#[$value])*
            #[must_use]
            pub fn with_value_serde(
                mut self,
                serde: impl $crate::serdes::Serde<V::NonNull>,
            ) -> Self
            where
                V: $crate::serdes::Nullable,
            {
                self.serdes.value = $crate::dsl::serdes::SerdeSlot::given(serde);
                self
            }
        }

        impl<K, V> $crate::dsl::AddTo<$options<K, V>> for &str {
            fn add_to(self, options: &mut $options<K, V>) {
                options.name = Some(self.to_owned());
            }
        }

        impl<K, V> $crate::dsl::AddTo<$options<K, V>> for String {
            fn add_to(self, options: &mut $options<K, V>) {
                options.name = Some(self);
            }
        }
    };
}
pub(super) use named_serdes;
