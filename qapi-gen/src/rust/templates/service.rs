//! The service trait: one method a command.

use super::lints::{self, Method};
use crate::markdown::code;
use crate::model::Command;
use crate::rust::code::Path;
use crate::rust::condition::Presence;
use crate::rust::names::{Ident, Scope, snake};
use crate::rust::options::ServiceOptions;
use crate::rust::plan::{Item, Module, Plan};
use proc_macro2::TokenStream;
use quote::quote;

/// The trait, and the function that makes a server's dispatcher of who implements it.
pub(crate) fn service(plan: &Plan, options: &ServiceOptions) -> TokenStream {
    let krate = Path::new(&options.runtime_crate);
    let ident = &plan.service_trait;
    let mut scope = Scope::default();
    let commands: Vec<(&Command, &Item)> = plan.all_commands().collect();
    let methods = commands
        .iter()
        .map(|(command, _)| scope.claim(snake(&command.name)));
    let methods: Vec<Ident> = methods.collect();
    let when: Vec<&Presence> = commands.iter().map(|(_, item)| item.presence()).collect();
    let arguments: Vec<&Ident> = commands.iter().map(|(_, item)| &item.ident).collect();
    let docs = commands
        .iter()
        .map(|(command, item)| format!(" {}: [`commands::{}`]", code(&command.name), &*item.ident));
    let allows = methods
        .iter()
        .map(|method| lints::allow(method, Method::Command));
    let replies = commands.iter().map(|(command, _)| match command.returns {
        Some(ty) => {
            let ty = plan.ty(ty, Module::Root);
            quote!(#ty)
        }
        None => quote!(()),
    });
    let bodies = commands.iter().map(|(command, _)| {
        match options
            .required
            .iter()
            .any(|glob| glob.matches(&command.name))
        {
            true => quote!(;),
            false => quote!({ #krate::service::NotImplemented::new() }),
        }
    });
    let (bounds, send, pointer, answer) = match options.local {
        true => (
            quote!('static),
            None,
            quote!(::std::rc::Rc<S>),
            quote!(LocalAnswer),
        ),
        false => (
            quote!(::core::marker::Send + ::core::marker::Sync + 'static),
            Some(quote!(+ ::core::marker::Send)),
            quote!(::std::sync::Arc<S>),
            quote!(Answer),
        ),
    };
    quote! {
        /// The commands as a server carries them out, one method each. To be implemented with
        /// `async fn`. A command whose method is left out does not exist for clients.
        #[allow(deprecated, unused_variables)]
        pub trait #ident: #bounds {
            /// The names of the events that the service emits, for introspection.
            const EVENTS: &'static [&'static str] = &[];

            #(
                #[doc = #docs]
                #when
                #allows
                fn #methods(
                    &self,
                    cx: &#krate::service::Call,
                    arguments: commands::#arguments,
                ) -> impl ::core::future::Future<Output = #krate::service::Result<#replies>> #send
                #bodies
            )*
        }

        /// What a server drives: the commands that `service` implements.
        #[allow(deprecated)]
        #[must_use]
        pub fn serve<S: #ident>(
            service: #pointer
        ) -> #krate::service::Served<#pointer, #krate::service::#answer> {
            let methods = #krate::methods! {
                INTROSPECTION, S as #ident,
                #krate::service::Methods<#pointer, #krate::service::#answer>;
                #(#when #methods: commands::#arguments;)*
            };
            methods.serve(service, S::EVENTS)
        }
    }
}
