//! The service trait: one method a command.

use super::lints::{self, Method};
use crate::markdown::code;
use crate::model::Command;
use crate::print::Code;
use crate::rust::code::Path;
use crate::rust::names::{Ident, Scope, snake};
use crate::rust::options::ServiceOptions;
use crate::rust::plan::{Item, Module, Plan};

/// The trait, and the function that makes a server's dispatcher of who implements it.
pub(crate) fn service(plan: &Plan, options: &ServiceOptions) -> Code {
    let krate = Path::new(&options.runtime_crate);
    let ident = &plan.service_trait;
    let mut scope = Scope::default();
    let commands = plan.all_commands().map(|(command, item)| {
        let method = scope.claim(snake(&command.name));
        (command, item, method)
    });
    let commands: Vec<(&Command, &Item, Ident)> = commands.collect();
    let (bounds, send, pointer, answer) = match options.local {
        true => (
            code!('static),
            None,
            code!(::std::rc::Rc<S>),
            code!(LocalAnswer),
        ),
        false => (
            code!(::core::marker::Send + ::core::marker::Sync + 'static),
            Some(code!(+ ::core::marker::Send)),
            code!(::std::sync::Arc<S>),
            code!(Answer),
        ),
    };
    let methods = commands.iter().map(|(command, item, name)| {
        let (when, arguments) = (item.presence(), &item.ident);
        let doc = format!(" {}: [`commands::{}`]", code(&command.name), &**arguments);
        let allow = lints::allow(name, Method::Command);
        let reply = match command.returns {
            Some(ty) => {
                let ty = plan.ty(ty, Module::Root);
                code!(ty => #ty)
            }
            None => code!(()),
        };
        let mut required = options.required.iter();
        let body = match required.any(|glob| glob.matches(&command.name)) {
            true => code!(;),
            false => code!(krate => { #krate::service::NotImplemented::new() }),
        };
        code! {
            doc, when, allow, name, krate, arguments, reply, send, body =>
            #[doc = #doc]
            #when
            #allow
            fn #name(
                &self,
                cx: &#krate::service::Call,
                arguments: commands::#arguments,
            ) -> impl ::core::future::Future<Output = #krate::service::Result<#reply>> #send
            #body
        }
    });
    let methods: Code = methods.collect();
    let served = commands.iter().map(|(_, item, name)| {
        let (when, arguments) = (item.presence(), &item.ident);
        code!(when, name, arguments => #when #name: commands::#arguments;)
    });
    let served: Code = served.collect();
    code! {
        ident, bounds, methods, pointer, krate, answer, served =>
        /// The commands as a server carries them out, one method each. To be implemented with
        /// `async fn`. A command whose method is left out does not exist for clients.
        #[allow(deprecated, unused_variables)]
        pub trait #ident: #bounds {
            /// The names of the events that the service emits, for introspection.
            const EVENTS: &'static [&'static str] = &[];

            #methods
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
                #served
            };
            methods.serve(service, S::EVENTS)
        }
    }
}
