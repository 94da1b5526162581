# Stands in for the part of Homebrew that the formula uses: it downloads and checks the resources,
# runs `install` and `test`, and prints what the formula declares, as JSON.
#
# ruby homebrew.rb FORMULA                    only prints
# ruby homebrew.rb FORMULA WHEEL PREFIX       installs into a folder, too
require "digest"
require "fileutils"
require "json"
require "open-uri"
require "pathname"
require "tmpdir"

class Pathname
  def install(files)
    mkpath
    FileUtils.mv(files, self)
  end

  def install_symlink(target)
    mkpath
    (self/target.basename).make_symlink(target)
  end
end

module Language
  module Python
    module Virtualenv
      def virtualenv_create(folder, python, system_site_packages:)
        system python, "-m", "venv", "--without-pip", *("--system-site-packages" if system_site_packages), folder
      end
    end
  end
end

# What has an address and a hash: a resource, or the formula itself.
module Download
  attr_reader :declared

  def declare(key, value)
    (@declared ||= {})[key] = value
  end

  def url(value, using:)
    raise "a wheel must not be unpacked" unless using == :nounzip

    declare(:url, value)
  end

  def sha256(value) = declare(:sha256, value)

  def check(bytes)
    raise "#{declared[:url]} has another hash" unless Digest::SHA256.hexdigest(bytes) == declared[:sha256]

    bytes
  end
end

class Resource
  include Download

  def initialize(name, &block)
    declare(:name, name)
    instance_eval(&block)
  end

  def stage
    Dir.mktmpdir do |folder|
      Dir.chdir(folder) do
        address = declared[:url]
        File.binwrite(File.basename(address), check(URI.parse(address).open(&:read)))
        yield
      end
    end
  end
end

class Formula
  class << self
    include Download

    def desc(value) = declare(:desc, value)
    def homepage(value) = declare(:homepage, value)
    def version(value) = declare(:version, value)
    def license(value) = declare(:license, value)
    def preserve_rpath = declare(:preserve_rpath, true)
    def depends_on(value) = dependencies.push(value)
    def dependencies = @dependencies ||= []
    def resource(name, &block) = resources.push(Resource.new(name, &block))
    def resources = @resources ||= []
    def test(&block) = @test = block
    def run_test(formula) = formula.instance_exec(&@test)
  end

  attr_reader :buildpath, :testpath, :libexec, :bin

  def initialize(prefix)
    @buildpath, @testpath, @libexec, @bin = %w[build test libexec bin].map { |name| prefix/name }
    [buildpath, testpath].each(&:mkpath)
  end

  def resources = self.class.resources

  def system(*command)
    Kernel.system(*command.map(&:to_s), out: :err, exception: true)
  end

  def generate_completions_from_executable(*command)
    %w[bash zsh fish].each { |shell| system(*command, shell) }
  end

  def assert_equal(expected, found)
    raise "expected #{expected}, found #{found}" unless expected == found
  end
end

path, wheel, prefix = ARGV
load path
formula = QwenTtsSidecar
if wheel
  installed = formula.new(Pathname.new(prefix))
  (installed.buildpath/File.basename(wheel)).binwrite(formula.check(File.binread(wheel)))
  Dir.chdir(installed.buildpath) { installed.install }
  formula.run_test(installed)
end
resources = formula.resources.map(&:declared)
puts JSON.dump(**formula.declared, dependencies: formula.dependencies, resources: resources)
