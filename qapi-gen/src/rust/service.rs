//! The service trait: one method a command.

use super::Output;
use super::glob::Glob;
use super::lints::{Method, allow};
use super::names::{Scope, snake};
use super::plan::{Item, Module};
use super::tables::when;
use crate::compact::{CollectVec as _, PushAll as _};
use crate::model::Command;

/// How the service trait is generated, for [`Builder::service`](crate::Builder::service).
///
/// ```
/// use qapi_gen::ServiceOptions;
/// let options = ServiceOptions::new().required(["query-status", "quit"]);
/// # drop(options);
/// ```
#[derive(Clone, Debug)]
pub struct ServiceOptions {
    pub(crate) required: Vec<Glob>,
    pub(crate) local: bool,
    pub(crate) types: Option<String>,
    pub(crate) runtime_crate: String,
}

impl Default for ServiceOptions {
    fn default() -> ServiceOptions {
        ServiceOptions {
            required: Vec::new(),
            local: false,
            types: None,
            runtime_crate: "::qapi_rt".to_owned(),
        }
    }
}

impl ServiceOptions {
    /// A trait whose methods all have a default: a command that is not implemented does not exist
    /// for clients.
    pub fn new() -> ServiceOptions {
        ServiceOptions::default()
    }

    /// The methods of commands that these patterns cover have no default, so that the compiler
    /// demands them. `*` stands for any text, `?` for any character. Each pattern must cover a
    /// command that is generated.
    pub fn required<P: Into<String>>(mut self, patterns: impl IntoIterator<Item = P>) -> Self {
        self.required.push_all(patterns.into_iter().map(Glob::new));
        self
    }

    /// Whether the service stays on one thread: neither it nor its futures have to be `Send`. Only
    /// the blocking server takes such a service.
    pub fn local(mut self, local: bool) -> Self {
        self.local = local;
        self
    }

    /// Generates the service alone. The types are those of this module, which was generated from
    /// the same schema, such as `::qapi_types::qmp`; the file re-exports all of it.
    pub fn types_from(mut self, module: impl Into<String>) -> Self {
        self.types = Some(module.into());
        self
    }

    /// The path under which the generated code finds the crate `qapi-rt`; `::qapi_rt` unless told
    /// otherwise.
    pub fn runtime_crate(mut self, path: impl Into<String>) -> Self {
        self.runtime_crate = path.into();
        self
    }
}

impl<'s> Output<'_, 's> {
    /// The trait, and the function that makes a server's dispatcher of who implements it.
    pub(crate) fn service(&mut self, options: &ServiceOptions) {
        let commands = self.all_commands();
        let mut methods = Scope::default();
        let methods: Vec<String> = commands
            .iter()
            .map(|(command, _)| methods.claim(snake(&command.name)))
            .collect_vec();
        self.service_trait(options, &commands, &methods);
        self.serve(options, &commands, &methods);
    }

    fn service_trait(
        &mut self,
        options: &ServiceOptions,
        commands: &[(&'s Command, Item)],
        methods: &[String],
    ) {
        let ident = self.plan.service_trait.clone();
        self.t.blank();
        self.t.doc(
            "The commands as a server carries them out, one method each. To be implemented with\n\
             `async fn`. A command whose method is left out does not exist for clients.",
        );
        self.t.line(&["#[allow(deprecated, unused_variables)]"]);
        let bounds = match options.local {
            true => "'static",
            false => "::core::marker::Send + ::core::marker::Sync + 'static",
        };
        self.t.open(&["pub trait ", &ident, ": ", bounds, " {"]);
        self.t
            .doc("The names of the events that the service emits, for introspection.");
        self.t
            .line(&["const EVENTS: &'static [&'static str] = &[];"]);
        for ((command, item), method) in commands.iter().zip(methods) {
            self.t.blank();
            let link = format!("`{}`: [`commands::{}`]", command.name, item.ident);
            self.t.doc(&link);
            self.t.attributes(when(item).as_deref());
            self.method(options, command, item, method);
        }
        self.t.close("}");
    }

    fn method(&mut self, options: &ServiceOptions, command: &Command, item: &Item, method: &str) {
        let service = format!("{}::service", options.runtime_crate);
        let required = options
            .required
            .iter()
            .any(|glob| glob.matches(&command.name));
        self.t.attributes(allow(method, Method::Command).as_deref());
        self.t.open(&["fn ", method, "("]);
        self.t.line(&["&self,"]);
        self.t.line(&["cx: &", &service, "::Call,"]);
        self.t.line(&["arguments: commands::", &item.ident, ","]);
        let reply = match command.returns {
            Some(ty) => self.plan.ty(ty, Module::Root),
            None => "()".to_owned(),
        };
        let head = ") -> impl ::core::future::Future<";
        let output = format!("Output = {service}::Result<");
        let bound = match options.local {
            true => "",
            false => " + ::core::marker::Send",
        };
        let end = if required { ";" } else { " {" };
        self.t.return_type(head, &output, &reply, bound, end);
        if !required {
            self.t.line(&[&service, "::NotImplemented::new()"]);
            self.t.close("}");
        }
    }

    fn serve(
        &mut self,
        options: &ServiceOptions,
        commands: &[(&'s Command, Item)],
        methods: &[String],
    ) {
        let ident = self.plan.service_trait.clone();
        let service = format!("{}::service", options.runtime_crate);
        let (pointer, answer) = match options.local {
            true => ("::std::rc::Rc<S>", "LocalAnswer"),
            false => ("::std::sync::Arc<S>", "Answer"),
        };
        self.t.blank();
        self.t
            .doc("What a server drives: the commands that `service` implements.");
        self.t.line(&["#[allow(deprecated)]"]);
        self.t.line(&["#[must_use]"]);
        let parameter = format!("service: {pointer}");
        let tail = format!(") -> {service}::Served<{pointer}, {service}::{answer}> {{");
        let head = format!("pub fn serve<S: {ident}>(");
        self.t.open_list(&head, &[&parameter], &tail);
        let krate = &options.runtime_crate;
        self.t.open(&["let methods = ", krate, "::methods! {"]);
        let ty = format!("{service}::Methods<{pointer}, {service}::{answer}>;");
        self.t.line(&["INTROSPECTION, S as ", &ident, ","]);
        self.t.line(&[&ty]);
        for ((_, item), method) in commands.iter().zip(methods) {
            self.t.attributes(when(item).as_deref());
            self.t.line(&[method, ": commands::", &item.ident, ";"]);
        }
        self.t.close("};");
        self.t.line(&["methods.serve(service, S::EVENTS)"]);
        self.t.close("}");
    }
}
